"""Other people's engines doing the same work: what the benchmark and the tests compare with."""
