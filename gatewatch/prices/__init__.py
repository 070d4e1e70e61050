"""What tokens cost: dated price rows, the book that finds them, and the sum. Nothing here is a float."""
