"""wanctl.replay"""
