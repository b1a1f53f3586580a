"""Every two of many representations compared: the matrix, its reliability, its pictures."""
