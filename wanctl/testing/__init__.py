"""wanctl.testing"""
