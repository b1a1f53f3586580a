"""Files in and out: one module a format. `tertium.data.load` and `tertium.data.save` choose by suffix."""
