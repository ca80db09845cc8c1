"""Our own keys: next -> active -> retired, encrypted at rest, published at /lti/jwks.

One set for the installation: a platform of any school reads the same address. A key is published
two days before it signs, so that platforms that keep our set know it, and two weeks after.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

import sqlalchemy as sa
import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt.algorithms import RSAAlgorithm
from sqlalchemy.orm import Session

from lti.models import Key, KeyState
from tracker.db import unit_of_work

BEFORE_SIGNING = timedelta(hours=48)
AFTER_SIGNING = timedelta(days=14)
SIGNS_FOR = timedelta(days=30)
BITS = 2048

log = structlog.get_logger("leerspoor.lti")


def published(session: Session) -> list[dict[str, Any]]:
    """Return the public keys as JWKs, oldest first."""
    return [dict(key.public) for key in session.scalars(sa.select(Key).order_by(Key.id))]


def ensure_keys(session: Session, *, encryption_keys: Sequence[str], at: datetime) -> None:
    """Make the first two keys, one to sign with and one to come, unless there are any."""
    if session.scalar(sa.select(Key.id).limit(1)) is None:
        _add(session, KeyState.ACTIVE, encryption_keys, at)
        _add(session, KeyState.NEXT, encryption_keys, at)


def rotate(session: Session, *, encryption_keys: Sequence[str], at: datetime) -> datetime | None:
    """Let the next key sign and make a new next one; drop what retired two weeks ago.

    Returns None, or the moment from which the next key may sign when that is still to come.
    """
    ensure_keys(session, encryption_keys=encryption_keys, at=at)
    session.execute(sa.delete(Key).where(Key.retired_at < at - AFTER_SIGNING))
    coming = _next(session)
    if at < coming.published_at + BEFORE_SIGNING:
        return coming.published_at + BEFORE_SIGNING
    turn = (
        sa.update(Key)
        .where(Key.id == coming.id, Key.state == KeyState.NEXT)
        .values(state=KeyState.ACTIVE)
        .returning(Key.id)
    )
    if session.scalar(turn) is None:  # another process just did it
        return None
    session.execute(
        sa.update(Key)
        .where(Key.state == KeyState.ACTIVE, Key.id != coming.id)
        .values(state=KeyState.RETIRED, retired_at=at)
    )
    _add(session, KeyState.NEXT, encryption_keys, at)
    return None


def rotate_when_due(engine: sa.Engine, *, encryption_keys: Sequence[str], at: datetime) -> bool:
    """Rotate once the active key has signed for a month; returns whether that was now.

    Also keeps up what hangs on time: retired keys go, and every private key is encrypted with the
    first of ENCRYPTION_KEYS. For each day, and harmless more often.
    """
    with unit_of_work(engine) as session:
        ensure_keys(session, encryption_keys=encryption_keys, at=at)
        session.execute(sa.delete(Key).where(Key.retired_at < at - AFTER_SIGNING))
        encrypt_anew(session, encryption_keys=encryption_keys)
        # The next key was made at the moment that the active one began to sign.
        if at < _next(session).published_at + SIGNS_FOR:
            return False
        rotate(session, encryption_keys=encryption_keys, at=at)
        log.info("another LTI key signs now")
        return True


def encrypt_anew(session: Session, *, encryption_keys: Sequence[str]) -> int:
    """Encrypt with the first of ENCRYPTION_KEYS what an older one encrypted; returns how many.

    After it the older ones may go. A key that none of them opens stays as it is, and is logged.
    """
    changed = 0
    for key in session.scalars(sa.select(Key).order_by(Key.id)):
        try:
            anew = seal_anew(key.private.encode(), encryption_keys)
        except InvalidToken:
            log.error("no ENCRYPTION_KEYS opens this LTI key", kid=key.kid)
            continue
        if anew is not None:
            key.private = anew.decode()
            changed += 1
    session.flush()
    return changed


def _next(session: Session) -> Key:
    """Return the key that signs next: of two, made at one moment by two processes, the older."""
    query = sa.select(Key).where(Key.state == KeyState.NEXT).order_by(Key.id).limit(1)
    return session.scalars(query).one()


def signing_key(
    session: Session, *, encryption_keys: Sequence[str]
) -> tuple[str, rsa.RSAPrivateKey]:
    """Return the key that signs now, as kid and private key.

    Raises NoResultFound before there is one, InvalidToken when ENCRYPTION_KEYS do not open it.
    """
    query = sa.select(Key).where(Key.state == KeyState.ACTIVE).order_by(Key.id.desc()).limit(1)
    key = session.scalars(query).one()
    pem = _box(encryption_keys).decrypt(key.private)
    # We made it, and the box shows that nobody changed it: to test its primes again takes longer
    # than to sign.
    private = serialization.load_pem_private_key(
        pem, password=None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("the signing key is not an RSA key")
    return key.kid, private


def seal(text: str, encryption_keys: Sequence[str]) -> bytes:
    """Encrypt a secret that must be told to somebody else as it is."""
    return _box(encryption_keys).encrypt(text.encode())


def seal_anew(sealed: bytes, encryption_keys: Sequence[str]) -> bytes | None:
    """Encrypt with the first key what another sealed; None when it was the first.

    Raises cryptography's InvalidToken.
    """
    try:
        _box(encryption_keys[:1]).decrypt(sealed)
    except InvalidToken:
        return _box(encryption_keys).rotate(sealed)
    return None


def unseal(sealed: bytes, encryption_keys: Sequence[str]) -> str:
    """Decrypt what `seal` made; raises cryptography's InvalidToken."""
    return _box(encryption_keys).decrypt(sealed).decode()


def _add(session: Session, state: KeyState, encryption_keys: Sequence[str], at: datetime) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    kid = token_hex(10)
    public = json.loads(RSAAlgorithm.to_jwk(private.public_key()))
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),  # the box around it encrypts
    )
    session.add(
        Key(
            kid=kid,
            state=state,
            public={name: public[name] for name in ("kty", "n", "e")}
            | {"kid": kid, "alg": "RS256", "use": "sig"},
            private=_box(encryption_keys).encrypt(pem).decode(),
            published_at=at,
            retired_at=None,
        )
    )
    session.flush()


def _box(encryption_keys: Sequence[str]) -> MultiFernet:
    """Return what encrypts with the first of ENCRYPTION_KEYS and decrypts with each."""
    return MultiFernet([Fernet(_derived(key)) for key in encryption_keys])


def _derived(key: str) -> bytes:
    derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"leerspoor lti keys")
    return urlsafe_b64encode(derive.derive(key.encode()))
