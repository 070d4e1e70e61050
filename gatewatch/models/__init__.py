"""What is known of models: how much they take and say, and in which modalities."""
