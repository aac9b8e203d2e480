"""What a stranger hands in to have a receipt checked: two files, and where they like, keys and a timestamp."""

from typing import Any

from django import forms

from tabard.custody.timestamping.tokens import MOST_TOKEN_BYTES, TsaChain
from tabard.kernel.errors import Invalid
from tabard.merkle.note import ED25519, VerifierKey
from tabard.merkle.tlog_proof import MAX_PROOF_BYTES

MOST_REQUEST_BYTES = MAX_PROOF_BYTES + 512 * 1024
_MOST_LEAF_BYTES = 64 * 1024
_MOST_CHAIN_BYTES = 256 * 1024


class ProofForm(forms.Form):
    """A receipt and its leaf; without keys they are checked with those of this installation."""

    proof = forms.FileField(
        label="Receipt", help_text="The file that ends in .tlog-proof", allow_empty_file=True
    )
    leaf = forms.FileField(label="Entry", help_text="The file that ends in .leaf.json", allow_empty_file=True)
    keys = forms.CharField(
        label="Verifier keys",
        required=False,
        max_length=8_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The published key of the log, and of witnesses, one to a line. Left empty, this installation's.",
    )
    token = forms.FileField(
        label="Timestamp", required=False, help_text="An RFC 3161 answer (.tsr), if one came with the receipt"
    )
    chain = forms.FileField(
        label="Certificates of the time-stamping authority", required=False, help_text="In PEM, with the root"
    )

    def clean_proof(self) -> bytes:
        """The receipt's bytes."""
        return self._content("proof", MAX_PROOF_BYTES)

    def clean_leaf(self) -> bytes:
        """The entry's exact bytes."""
        return self._content("leaf", _MOST_LEAF_BYTES)

    def clean_token(self) -> bytes:
        """The timestamp's bytes; empty where none was given."""
        return self._content("token", MOST_TOKEN_BYTES)

    def clean_chain(self) -> TsaChain | None:
        """The certificates, or None where none were given."""
        content = self._content("chain", _MOST_CHAIN_BYTES)
        try:
            return TsaChain.parse(content) if content else None
        except Invalid as error:
            raise forms.ValidationError(error.message) from error

    def clean_keys(self) -> tuple[list[VerifierKey], list[VerifierKey]]:
        """The keys of logs, then those of witnesses."""
        found = [self._key(line) for line in self.cleaned_data["keys"].split("\n") if line.strip()]
        logs = [key for key in found if key.algorithm == ED25519]
        if found and not logs:
            raise forms.ValidationError("None of these is the key of a log.")
        return logs, [key for key in found if key.algorithm != ED25519]

    def clean(self) -> dict[str, Any]:
        """A timestamp comes with the certificates that it is checked with."""
        if self.cleaned_data.get("token") and "chain" in self.cleaned_data and not self.cleaned_data["chain"]:
            self.add_error(
                "chain", "A timestamp is checked with the certificates of its authority: add them."
            )
        return self.cleaned_data

    def _content(self, name: str, most_bytes: int) -> bytes:
        file = self.cleaned_data[name]
        if not file:
            return b""
        if file.size > most_bytes:
            raise forms.ValidationError(f"The file is larger than {most_bytes // 1024} KiB.")
        content: bytes = file.read()
        return content

    def _key(self, line: str) -> VerifierKey:
        try:
            return VerifierKey.parse(line.strip())
        except Invalid as error:
            raise forms.ValidationError(f"{error.message} ({line.strip()[:40]})") from error
