"""wanctl.probe"""
