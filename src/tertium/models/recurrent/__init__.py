"""Recurrent cells and the networks made of them."""
