"""Key epochs: every live key is wrapped anew, and the old master key is destroyed."""
