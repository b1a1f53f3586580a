"""Cells whose units have gates (GRU, LSTM, UGRNN)."""
