"""Benchmarks: speed as ratios against a peer in the same run. No test depends on them."""
