"""wanctl.sim"""
