"""What the bridge keeps: gate tables, found by a secret or key, and records of a school."""

from lti.models.column import LineItem, LineItemState, ScorePush, ScoreState
from lti.models.context import (
    AccessRequest,
    AccessRequestState,
    Context,
    ContextPull,
    ContextPullKind,
)
from lti.models.identity import LtiIdentity
from lti.models.key import Key, KeyState
from lti.models.link import DeepLinkRequest, GradeMode, ResourceLink
from lti.models.login import LaunchLog, LoginState
from lti.models.registration import Deployment, DeploymentState, Invite, Registration

__all__ = [
    "AccessRequest",
    "AccessRequestState",
    "Context",
    "ContextPull",
    "ContextPullKind",
    "DeepLinkRequest",
    "Deployment",
    "DeploymentState",
    "GradeMode",
    "Invite",
    "Key",
    "KeyState",
    "LaunchLog",
    "LineItem",
    "LineItemState",
    "LoginState",
    "LtiIdentity",
    "Registration",
    "ResourceLink",
    "ScorePush",
    "ScoreState",
]
