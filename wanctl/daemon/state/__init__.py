"""What outlives the process: the store, the history, recordings, dumps."""
