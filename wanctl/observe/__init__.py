"""What people and programs can see of a running site: one view of it, its health, its past, metrics, and HTTP.

Nothing here is called by a tick, except for `History.note` when something moved. A view is made when somebody asks.
"""
