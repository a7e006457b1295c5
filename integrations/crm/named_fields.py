"""Fields that a CRM keys by codes of its own: our labels are looked up once per process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bantam.domain.crm_fields import FIELDS_BY_NAME
from bantam.errors import VendorDownError, VendorRejectedError
from integrations.crm.records import Slot


@dataclass(frozen=True)
class NamedField:
    """One custom field as the CRM lists it."""

    code: str
    label: str
    type: str | None


class FieldCodes:
    """Labels of our fields -> the CRM's codes, asked once and again after setup. Thread-safe."""

    def __init__(self, vendor: str, ask: Callable[[], Sequence[NamedField]]) -> None:
        """Take how to list the custom fields; nothing is asked before the first need."""
        self._vendor = vendor
        self._ask = ask
        self._lock = threading.Lock()
        self._by_label: dict[str, NamedField] | None = None

    def listed(self) -> Mapping[str, NamedField]:
        """Return the custom fields by label; of two with one label the older (listed first).

        Raises:
            VendorError: the CRM cannot be asked.
        """
        with self._lock:
            if self._by_label is None:
                by_label: dict[str, NamedField] = {}
                for field in self._ask():
                    by_label.setdefault(field.label, field)
                self._by_label = by_label
            return self._by_label

    def forget(self) -> None:
        """Ask again at the next need."""
        with self._lock:
            self._by_label = None

    def types(self) -> dict[str, str | None]:
        """Return the types of the custom fields, by label."""
        return {label: field.type for label, field in self.listed().items()}

    def codes(self, slots: Sequence[Slot]) -> dict[str, str]:
        """Return the code of each slot; a key of a field that people use is a code already.

        Raises:
            VendorRejectedError: a field of ours is missing; says how to make it.
        """
        listed, found, missing = self.listed(), {}, []
        for slot in slots:
            field = FIELDS_BY_NAME.get(slot.name)
            if field is None:
                found[slot.name] = slot.name
            elif field.label in listed:
                found[slot.name] = listed[field.label].code
            else:
                missing.append(field.label)
        if missing:
            # Somebody may be making them right now.
            self.forget()
            raise VendorRejectedError(
                self._vendor,
                f"{len(missing)} fields are missing ({missing[0]}, ...);"
                f" run `bantam crm setup {self._vendor}`",
            )
        return found

    def code(self, label: str) -> str:
        """Return the code of one of our fields.

        Raises:
            VendorRejectedError: it is missing; says how to make it.
        """
        field = self.listed().get(label)
        if field is None:
            self.forget()
            fix = f"run `bantam crm setup {self._vendor}`"
            raise VendorRejectedError(self._vendor, f"the field {label!r} is missing; {fix}")
        return field.code

    def create(self, label: str, create: Callable[[], None]) -> None:
        """Create a field once: labels are not unique there, so a lost answer is looked after.

        Raises:
            VendorError: it could not be created.
        """
        try:
            create()
        except VendorDownError as error:
            self.forget()
            if not error.may_have_arrived or label not in self.listed():
                raise
        self.forget()
