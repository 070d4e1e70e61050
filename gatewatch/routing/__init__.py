"""What routing is about, without a network: classes of data and of work, regions, service levels."""
