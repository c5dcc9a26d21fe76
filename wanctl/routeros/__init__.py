"""wanctl.routeros"""
