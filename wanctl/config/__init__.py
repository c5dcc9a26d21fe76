"""wanctl.config"""
