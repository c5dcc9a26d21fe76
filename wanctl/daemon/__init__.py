"""wanctl.daemon"""
