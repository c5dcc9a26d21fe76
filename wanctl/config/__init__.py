"""Sites and profiles: short files, read with every fault at its place."""

from wanctl.config.find import find_site
from wanctl.config.profile import Profile, load_profile, profile_names
from wanctl.config.reflector import DEFAULT_REFLECTORS, Reflector
from wanctl.config.secret import Secret, read_secret
from wanctl.config.site import SiteFile, load_site

__all__ = [
    "DEFAULT_REFLECTORS",
    "Profile",
    "Reflector",
    "Secret",
    "SiteFile",
    "find_site",
    "load_profile",
    "load_site",
    "profile_names",
    "read_secret",
]
