"""What figures are drawn with: charts, their common look, and numbers in words."""
