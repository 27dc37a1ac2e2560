"""What one request appends, in the making: each event is sealed, encoded and laid out."""

from collections.abc import Sequence

import orjson
from msgspec import structs

from adapters.event_store.codec import encode
from adapters.event_store.keyholders import Keyholders
from adapters.event_store.requests import Request, Stream, clear_values
from adapters.event_store.rows import EntryRow, ValueRow
from adapters.keys.sealing import Place, context_of, locks_of, seal
from domain.messages import AboutSubject, Command, Event
from domain.personal_data import Clear, Sealed


class Draft:
    """The rows of a request, which come after so many entries, and the stream after them."""

    def __init__(self, request: Request, stream: Stream, holders: Keyholders, before: int) -> None:
        self._request = request
        self._before = before
        self._holders = holders
        self.stream = stream
        self.entries: list[EntryRow] = []
        self.values: list[ValueRow] = []
        self.written: list[Event] = []
        self.bytes = 0

    def decide(self) -> None:
        """Write down whatever the command leads to."""
        for event in self._request.decider.decide(self.stream.state, self._command()):
            self._write(event)

    def _command(self) -> Command:
        """The command, told whether its subject was erased: as of the epoch of this batch."""
        workspace_id, command = self._request.workspace_id, self._request.command
        if not isinstance(command, AboutSubject):
            return command
        is_erased = self._holders.is_erased(workspace_id, command.subject_id)
        return structs.replace(command, is_erased=is_erased)

    def _write(self, event: Event) -> None:
        workspace_id, stream_id = self._request.workspace_id, self._request.stream_id
        if personal := clear_values(event):
            event = self._sealed(event, personal)
        self.stream = self.stream.after(event)
        body = encode(event, self._request.context, stream_id)
        version, name = self.stream.version, event.name
        row = EntryRow(workspace_id, stream_id, version, event.schema_version, name, body)
        self.entries.append(row)
        self.written.append(event)
        self.bytes += len(body)

    def _sealed(self, event: Event, personal: Sequence[tuple[str, Clear]]) -> Event:
        """The event as its entry holds it; the values themselves go to the vault."""
        fields = {name: self._seal(event, name, clear) for name, clear in personal}
        return structs.replace(event, **fields)

    def _seal(self, event: Event, field: str, clear: Clear) -> Sealed:
        """What the entry holds for the value; of somebody erased, the value itself is dropped."""
        workspace_id, stream_id = self._request.workspace_id, self._request.stream_id
        category = clear.category
        campaign = self.stream.campaign_with(event)
        subjects, bucket, secret = self._holders.of(workspace_id, clear, campaign)
        if secret is None:
            return Sealed(subjects, category, bucket, None)
        place = Place(
            workspace_id,
            stream_id,
            self.stream.version + 1,
            event.name,
            event.schema_version,
            field,
            subjects,
            category,
            bucket,
        )
        keys = locks_of(secret, context_of(workspace_id, stream_id))
        sealed, key_check = box = seal(orjson.dumps(clear.value), place, keys)
        # The vault has room for two; a third would be a mistake and fails here.
        subject, co_subject = subjects if len(subjects) > 1 else (subjects[0], None)
        nth = self._before + len(self.entries) + 1
        owners = subject, co_subject, category, bucket
        self.values.append(ValueRow(nth, field, *owners, key_check, sealed))
        self.bytes += len(sealed)
        return Sealed(subjects, category, bucket, box.commitment)
