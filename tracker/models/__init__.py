"""The records of a school; one module per noun."""

from tracker.models.activity import (
    Activity,
    ActivityItem,
    ActivityKind,
    ActivitySource,
    Precision,
)
from tracker.models.audit import AuditEvent
from tracker.models.evidence import (
    Attachment,
    Audience,
    Evidence,
    EvidenceGoal,
    EvidenceShare,
    EvidenceState,
    EvidenceVersion,
)
from tracker.models.framework import Framework, FrameworkItem, FrameworkItemKind
from tracker.models.goal import Goal, GoalItem, GoalState
from tracker.models.group import CoachGroup, Group, GroupRole, Membership
from tracker.models.judgement import Aspect, Judgement, Purpose, Scale, ScaleLevel
from tracker.models.person import Person, PersonRole, PersonState, SchoolRole
from tracker.models.placement import Company, Placement
from tracker.models.plan import LearningPlan, PlanMember, PlanRole, PlanState
from tracker.models.school import School

__all__ = [
    "Activity",
    "ActivityItem",
    "ActivityKind",
    "ActivitySource",
    "Aspect",
    "Attachment",
    "Audience",
    "AuditEvent",
    "CoachGroup",
    "Company",
    "Evidence",
    "EvidenceGoal",
    "EvidenceShare",
    "EvidenceState",
    "EvidenceVersion",
    "Framework",
    "FrameworkItem",
    "FrameworkItemKind",
    "Goal",
    "GoalItem",
    "GoalState",
    "Group",
    "GroupRole",
    "Judgement",
    "LearningPlan",
    "Membership",
    "Person",
    "PersonRole",
    "PersonState",
    "Placement",
    "PlanMember",
    "PlanRole",
    "PlanState",
    "Precision",
    "Purpose",
    "Scale",
    "ScaleLevel",
    "School",
    "SchoolRole",
]
