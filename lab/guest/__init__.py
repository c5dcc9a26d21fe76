"""What runs inside the guest: one process builds the network and plays a job, others send, answer and look."""
