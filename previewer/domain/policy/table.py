"""Every rule, in the order in which they are documented and explained."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from previewer.domain.policy.build_rules import BUILD_RULES
from previewer.domain.policy.egress_rules import EGRESS_RULES
from previewer.domain.policy.image_rules import IMAGE_RULES
from previewer.domain.policy.mount_rules import MOUNT_RULES
from previewer.domain.policy.name_rules import NAME_RULES
from previewer.domain.policy.privilege_rules import PRIVILEGE_RULES
from previewer.domain.policy.quantity_rules import QUANTITY_RULES
from previewer.domain.policy.rewrite_rules import REWRITE_RULES
from previewer.domain.policy.rule import Rule
from previewer.domain.policy.sharing_rules import SHARING_RULES
from previewer.domain.policy.size_rules import SIZE_RULES

GROUPS: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "Privileges": PRIVILEGE_RULES,
        "Sharing": SHARING_RULES,
        "Files of the host": MOUNT_RULES,
        "Images": IMAGE_RULES,
        "Builds": BUILD_RULES,
        "Quantities and names": (*NAME_RULES, *QUANTITY_RULES, *SIZE_RULES),
        "Rewritten, not refused": (*REWRITE_RULES, *EGRESS_RULES),
    }
)
RULES = tuple(rule for rules in GROUPS.values() for rule in rules)
RULE_BY_ID: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in RULES})
