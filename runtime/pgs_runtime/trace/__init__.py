"""What runs leave: lines that are chained, read again, and written as files."""
