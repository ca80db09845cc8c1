"""Every table of every room, for comparing with the migrations and for creating dumps."""

import identity.models
import importers.models
import lti.models
import tracker.models
from tracker.columns import Base

ROOMS = (tracker.models, identity.models, lti.models, importers.models)
metadata = Base.metadata
