"""Legal holds, folded from their streams when they are asked for."""
