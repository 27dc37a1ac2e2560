"""Benchmarks: ours beside the other side, in turn, in one run; only ratios are to be trusted."""
