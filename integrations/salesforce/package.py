"""A metadata package for an admin to deploy: child object, fields, and who may see them.

Fields that an API call creates are invisible until somebody grants them; a package brings the
permission set along, and changes in production go through the team's own release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from integrations.salesforce.mapping import (
    ASSESSMENT,
    CALL_KEY,
    OBJECT,
    assessment_fields,
    contact_fields,
    opportunity_fields,
)

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
PERMISSION_SET = "Bantam"


def package_files(version: str) -> dict[str, str]:
    """Return {path: text} of a package in metadata format.

    Args:
        version: of the API, such as "v62.0".
    """
    return {
        "package.xml": _package(version.removeprefix("v")),
        f"objects/{ASSESSMENT}.object": _child_object(),
        f"objects/{OBJECT}.object": _element("CustomObject", _fields(opportunity_fields())),
        "objects/Contact.object": _element("CustomObject", _fields(contact_fields())),
        f"permissionsets/{PERMISSION_SET}.permissionset": _permissions(),
        "README.md": _README,
    }


_README = f"""# Bantam for Salesforce

1. Look at what is in here: one object ({ASSESSMENT}), fields on Opportunity and one on
   Contact, one permission set.
2. Deploy it: `sf project deploy start --metadata-dir . --target-org YOUR_ORG`.
3. Give the permission set {PERMISSION_SET} to the Run-As user of the External Client App, and to
   the people who shall see the fields.
4. `bantam connect salesforce` says whether all is well.
"""


def _package(version: str) -> str:
    members = {
        "CustomObject": [ASSESSMENT],
        "CustomField": [
            *(f"{OBJECT}.{name}" for name in opportunity_fields()),
            *(f"Contact.{name}" for name in contact_fields()),
        ],
        "PermissionSet": [PERMISSION_SET],
    }
    types = "".join(
        "<types>"
        + "".join(f"<members>{escape(member)}</members>" for member in names)
        + f"<name>{kind}</name></types>\n"
        for kind, names in members.items()
    )
    return _element("Package", f"{types}<version>{escape(version)}</version>\n")


def _child_object() -> str:
    return _element(
        "CustomObject",
        _tags(
            {
                "label": "BANT assessment",
                "pluralLabel": "BANT assessments",
                "deploymentStatus": "Deployed",
                "sharingModel": "ReadWrite",
                "description": "What Bantam read in one call",
            }
        )
        + "<nameField><label>Number</label><type>AutoNumber</type>"
        "<displayFormat>BANT-{000000}</displayFormat></nameField>\n" + _fields(assessment_fields()),
    )


def _fields(fields: Mapping[str, tuple[dict[str, Any], str]]) -> str:
    return "".join(
        f"<fields><fullName>{name}</fullName>{_tags(body['Metadata'])}</fields>\n"
        for name, (body, _) in fields.items()
    )


def _permissions() -> str:
    names = [f"{OBJECT}.{name}" for name in opportunity_fields()]
    names += [f"Contact.{name}" for name in contact_fields()]
    names += [f"{ASSESSMENT}.{name}" for name in assessment_fields() if name != CALL_KEY]
    names.append(f"{ASSESSMENT}.{CALL_KEY}")
    fields = "".join(
        f"<fieldPermissions><editable>true</editable><field>{name}</field>"
        "<readable>true</readable></fieldPermissions>\n"
        for name in names
    )
    objects = (
        "<objectPermissions><allowCreate>true</allowCreate><allowDelete>true</allowDelete>"
        "<allowEdit>true</allowEdit><allowRead>true</allowRead>"
        "<modifyAllRecords>false</modifyAllRecords>"
        f"<object>{ASSESSMENT}</object><viewAllRecords>false</viewAllRecords></objectPermissions>\n"
    )
    return _element("PermissionSet", f"{fields}<label>{PERMISSION_SET}</label>\n{objects}")


def _element(name: str, inside: str) -> str:
    return f"{_HEAD}<{name} {_NAMESPACE}>\n{inside}</{name}>\n"


def _tags(values: Mapping[str, Any]) -> str:
    return "".join(f"<{tag}>{_text(value)}</{tag}>" for tag, value in values.items())


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else escape(str(value))
