"""wanctl.control"""
