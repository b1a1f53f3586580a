"""Fixed and slow points: found, certified, told apart, followed, joined."""
