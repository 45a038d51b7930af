"""the whole shape

Revision: 0001, after None.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit_head',
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('practice_id', name=op.f('pk_audit_head'))
    )
    op.create_table('heartbeat',
    sa.Column('process', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('pid', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('process', name=op.f('pk_heartbeat'))
    )
    op.create_table('inbox_entry',
    sa.Column('source', sa.String(length=24), nullable=False),
    sa.Column('dedupe_key', sa.String(length=128), nullable=False),
    sa.Column('body_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbox_entry')),
    sa.UniqueConstraint('dedupe_key', name=op.f('uq_inbox_entry_dedupe_key'))
    )
    op.create_table('opt_out',
    sa.Column('channel', sa.String(length=12), nullable=False),
    sa.Column('contact_hash', sa.LargeBinary(), nullable=False),
    sa.Column('how', sa.String(length=24), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_opt_out')),
    sa.UniqueConstraint('channel', 'contact_hash', name=op.f('uq_opt_out_channel_contact_hash'))
    )
    op.create_table('person',
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('known_as', sa.String(length=100), nullable=False),
    sa.Column('credentials', sa.String(length=60), nullable=True),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('password_hash', sa.String(length=255), nullable=True),
    sa.Column('routine_mail', sa.String(length=8), nullable=False),
    sa.Column('phone_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person')),
    sa.UniqueConstraint('email', name=op.f('uq_person_email'))
    )
    op.create_table('practice',
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('sender_name', sa.String(length=60), nullable=False),
    sa.Column('time_zone', sa.String(length=64), nullable=False),
    sa.Column('phone', sa.String(length=32), nullable=True),
    sa.Column('reads_answers', sa.String(length=120), nullable=False),
    sa.Column('paper', sa.String(length=6), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_practice'))
    )
    op.create_table('practice_key',
    sa.Column('owner_id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.String(length=8), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('wrapped', sa.LargeBinary(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_practice_key')),
    sa.UniqueConstraint('owner_id', 'purpose', 'number', name=op.f('uq_practice_key_owner_id_purpose_number'))
    )
    with op.batch_alter_table('practice_key', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_practice_key_owner_id'), ['owner_id'], unique=False)

    op.create_table('sign_in_throttle',
    sa.Column('key_hash', sa.LargeBinary(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('blocked_until', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('key_hash', name=op.f('pk_sign_in_throttle'))
    )
    op.create_table('stored_reply',
    sa.Column('body_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('token_id', sa.Uuid(), nullable=False),
    sa.Column('key_hash', sa.LargeBinary(), nullable=False),
    sa.Column('request_hash', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stored_reply')),
    sa.UniqueConstraint('token_id', 'key_hash', name=op.f('uq_stored_reply_token_id_key_hash'))
    )
    op.create_table('tick',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', 'at', name=op.f('pk_tick'))
    )
    op.create_table('api_token',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('secret_hash', sa.LargeBinary(), nullable=False),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_api_token_person_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_api_token_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_token')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_api_token_secret_hash'))
    )
    with op.batch_alter_table('api_token', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_api_token_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_api_token_practice_id'), ['practice_id'], unique=False)

    op.create_table('audit_event',
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.String(length=60), nullable=False),
    sa.Column('tag', sa.String(length=60), nullable=False),
    sa.Column('detail_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('subject_id', sa.Uuid(), nullable=True),
    sa.Column('before', sa.LargeBinary(), nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_audit_event_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_event')),
    sa.UniqueConstraint('practice_id', 'number', name=op.f('uq_audit_event_practice_id_number'))
    )
    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_event_practice_id'), ['practice_id'], unique=False)

    op.create_table('battery',
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('instruments', sa.JSON(), nullable=False),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_battery_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_battery')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_battery_practice_id_id')),
    sa.UniqueConstraint('practice_id', 'name', name=op.f('uq_battery_practice_id_name'))
    )
    with op.batch_alter_table('battery', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_battery_practice_id'), ['practice_id'], unique=False)

    op.create_table('client',
    sa.Column('state', sa.Enum('active', 'paused', 'closed', 'deceased', name='clientstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('state_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('time_zone', sa.String(length=64), nullable=True),
    sa.Column('interpreter', sa.Boolean(), nullable=False),
    sa.Column('given_name_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('family_name_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('called_by_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('report_label_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('date_of_birth_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('sex_for_scoring_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('county_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('address_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('emergency_contact_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('tags_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('safety_plan_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_client_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_client')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_client_practice_id_id'))
    )
    with op.batch_alter_table('client', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_client_practice_id'), ['practice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_client_state'), ['state'], unique=False)

    op.create_table('console_session',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('secret_hash', sa.LargeBinary(), nullable=False),
    sa.Column('browser', sa.String(length=60), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_console_session_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_console_session')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_console_session_secret_hash'))
    )
    with op.batch_alter_table('console_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_console_session_person_id'), ['person_id'], unique=False)

    op.create_table('cover',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('cover_person_id', sa.Uuid(), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('after_minutes', sa.Integer(), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['cover_person_id'], ['person.id'], name=op.f('fk_cover_cover_person_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_cover_person_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_cover_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cover')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_cover_practice_id_id'))
    )
    with op.batch_alter_table('cover', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cover_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_cover_practice_id'), ['practice_id'], unique=False)

    op.create_table('kiosk_device',
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('secret_hash', sa.LargeBinary(), nullable=True),
    sa.Column('enrolled_by', sa.Uuid(), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['enrolled_by'], ['person.id'], name=op.f('fk_kiosk_device_enrolled_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kiosk_device')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_kiosk_device_secret_hash'))
    )
    op.create_table('outbox_entry',
    sa.Column('queue', sa.String(length=12), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('business_key', sa.String(length=120), nullable=False),
    sa.Column('state', sa.Enum('new', 'claimed', 'done', 'parked', name='outboxstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('claim', sa.Uuid(), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.String(length=120), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_outbox_entry_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox_entry')),
    sa.UniqueConstraint('kind', 'business_key', name=op.f('uq_outbox_entry_kind_business_key'))
    )
    with op.batch_alter_table('outbox_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_outbox_entry_practice_id'), ['practice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_outbox_entry_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_outbox_entry_state_queue_due_at'), ['state', 'queue', 'due_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_outbox_entry_subject_id'), ['subject_id'], unique=False)

    op.create_table('role_grant',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=True),
    sa.Column('role', sa.Enum('clinician', 'owner', 'front_desk', 'officer', 'operator', name='role', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(practice_id IS NULL) = (role IN ('officer', 'operator'))", name=op.f('ck_role_grant_alliance_roles_have_no_practice')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_role_grant_person_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_role_grant_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_role_grant'))
    )
    with op.batch_alter_table('role_grant', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_role_grant_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_role_grant_practice_id'), ['practice_id'], unique=False)

    op.create_table('care_team',
    sa.Column('client_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.Enum('primary', 'colleague', 'supervisor', 'cover', name='carerole', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('scope', sa.Enum('record', 'alerts', name='carescope', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_care_team_person_id')),
    sa.ForeignKeyConstraint(['practice_id', 'client_id'], ['client.practice_id', 'client.id'], name=op.f('fk_care_team_practice_id_client_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_care_team_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_care_team')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_care_team_practice_id_id'))
    )
    with op.batch_alter_table('care_team', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_care_team_client_id'), ['client_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_care_team_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_care_team_practice_id'), ['practice_id'], unique=False)

    op.create_table('episode',
    sa.Column('client_id', sa.Uuid(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_by', sa.Uuid(), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('close_reason', sa.Enum('completed', 'stopped', 'referred', 'moved', 'died', 'never_started', name='closereason', native_enum=False, create_constraint=True, length=24), nullable=True),
    sa.Column('setting', sa.String(length=12), nullable=False),
    sa.Column('mandated', sa.Boolean(), nullable=False),
    sa.Column('payer_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('diagnosis_group_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['opened_by'], ['person.id'], name=op.f('fk_episode_opened_by')),
    sa.ForeignKeyConstraint(['practice_id', 'client_id'], ['client.practice_id', 'client.id'], name=op.f('fk_episode_practice_id_client_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_episode_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_episode')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_episode_practice_id_id'))
    )
    with op.batch_alter_table('episode', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_episode_client_id'), ['client_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_episode_practice_id'), ['practice_id'], unique=False)
        batch_op.create_index('uq_episode_open', ['client_id'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))

    op.create_table('kiosk_grant',
    sa.Column('device_id', sa.Uuid(), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['device_id'], ['kiosk_device.id'], name=op.f('fk_kiosk_grant_device_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_kiosk_grant_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kiosk_grant')),
    sa.UniqueConstraint('practice_id', 'device_id', name=op.f('uq_kiosk_grant_practice_id_device_id')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_kiosk_grant_practice_id_id'))
    )
    with op.batch_alter_table('kiosk_grant', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_kiosk_grant_device_id'), ['device_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_kiosk_grant_practice_id'), ['practice_id'], unique=False)

    op.create_table('respondent',
    sa.Column('client_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.Enum('self', 'parent', 'teacher', 'partner', 'other', name='respondentrole', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('who_may_see', sa.JSON(), nullable=False),
    sa.Column('name_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('recognition_word_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('refused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('until_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'client_id'], ['client.practice_id', 'client.id'], name=op.f('fk_respondent_practice_id_client_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_respondent_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_respondent')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_respondent_practice_id_id'))
    )
    with op.batch_alter_table('respondent', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_respondent_client_id'), ['client_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_respondent_practice_id'), ['practice_id'], unique=False)

    op.create_table('consent',
    sa.Column('respondent_id', sa.Uuid(), nullable=False),
    sa.Column('channel', sa.String(length=12), nullable=False),
    sa.Column('wording', sa.String(length=60), nullable=False),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('how', sa.String(length=60), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'respondent_id'], ['respondent.practice_id', 'respondent.id'], name=op.f('fk_consent_practice_id_respondent_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_consent_practice_id')),
    sa.ForeignKeyConstraint(['recorded_by'], ['person.id'], name=op.f('fk_consent_recorded_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consent')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_consent_practice_id_id'))
    )
    with op.batch_alter_table('consent', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_consent_practice_id'), ['practice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_consent_respondent_id'), ['respondent_id'], unique=False)

    op.create_table('contact_point',
    sa.Column('respondent_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('email', 'sms', name='contactkind', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('state', sa.Enum('unconfirmed', 'confirmed', 'blocked', 'dead', name='contactstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('state_reason', sa.String(length=60), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('safe_for', sa.Enum('reminders', 'invitations', 'nothing', name='safefor', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('safe_hours', sa.JSON(), nullable=False),
    sa.Column('fallback', sa.Boolean(), nullable=False),
    sa.Column('blind_index', sa.LargeBinary(), nullable=False),
    sa.Column('value_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'respondent_id'], ['respondent.practice_id', 'respondent.id'], name=op.f('fk_contact_point_practice_id_respondent_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_contact_point_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_point')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_contact_point_practice_id_id'))
    )
    with op.batch_alter_table('contact_point', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contact_point_practice_id'), ['practice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_contact_point_practice_id_blind_index'), ['practice_id', 'blind_index'], unique=False)
        batch_op.create_index(batch_op.f('ix_contact_point_respondent_id'), ['respondent_id'], unique=False)

    op.create_table('episode_summary',
    sa.Column('episode_id', sa.Uuid(), nullable=False),
    sa.Column('respondent_id', sa.Uuid(), nullable=False),
    sa.Column('instrument_key', sa.String(length=40), nullable=False),
    sa.Column('summary_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'episode_id'], ['episode.practice_id', 'episode.id'], name=op.f('fk_episode_summary_practice_id_episode_id')),
    sa.ForeignKeyConstraint(['practice_id', 'respondent_id'], ['respondent.practice_id', 'respondent.id'], name=op.f('fk_episode_summary_practice_id_respondent_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_episode_summary_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_episode_summary')),
    sa.UniqueConstraint('episode_id', 'instrument_key', 'respondent_id', name=op.f('uq_episode_summary_episode_id_instrument_key_respondent_id')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_episode_summary_practice_id_id'))
    )
    with op.batch_alter_table('episode_summary', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_episode_summary_episode_id'), ['episode_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_episode_summary_practice_id'), ['practice_id'], unique=False)

    op.create_table('permitted_use',
    sa.Column('respondent_id', sa.Uuid(), nullable=False),
    sa.Column('own_statistics', sa.Boolean(), nullable=False),
    sa.Column('alliance_figures', sa.Boolean(), nullable=False),
    sa.Column('wording', sa.String(length=60), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('chosen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'respondent_id'], ['respondent.practice_id', 'respondent.id'], name=op.f('fk_permitted_use_practice_id_respondent_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_permitted_use_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_permitted_use')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_permitted_use_practice_id_id'))
    )
    with op.batch_alter_table('permitted_use', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_permitted_use_practice_id'), ['practice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_permitted_use_respondent_id'), ['respondent_id'], unique=False)

    op.create_table('schedule',
    sa.Column('episode_id', sa.Uuid(), nullable=False),
    sa.Column('respondent_id', sa.Uuid(), nullable=False),
    sa.Column('instruments', sa.JSON(), nullable=False),
    sa.Column('channel', sa.Enum('email', 'sms', 'portal', 'kiosk', 'in_person', name='way', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('rule', sa.String(length=200), nullable=False),
    sa.Column('starts_on', sa.String(length=10), nullable=False),
    sa.Column('wall_time', sa.String(length=5), nullable=False),
    sa.Column('time_zone', sa.String(length=64), nullable=False),
    sa.Column('reminders', sa.Integer(), nullable=False),
    sa.Column('requested_by', sa.Uuid(), nullable=False),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('stop_reason', sa.String(length=40), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'episode_id'], ['episode.practice_id', 'episode.id'], name=op.f('fk_schedule_practice_id_episode_id')),
    sa.ForeignKeyConstraint(['practice_id', 'respondent_id'], ['respondent.practice_id', 'respondent.id'], name=op.f('fk_schedule_practice_id_respondent_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_schedule_practice_id')),
    sa.ForeignKeyConstraint(['requested_by'], ['person.id'], name=op.f('fk_schedule_requested_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_schedule')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_schedule_practice_id_id'))
    )
    with op.batch_alter_table('schedule', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_schedule_episode_id'), ['episode_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_schedule_practice_id'), ['practice_id'], unique=False)

    op.create_table('assignment',
    sa.Column('client_id', sa.Uuid(), nullable=False),
    sa.Column('episode_id', sa.Uuid(), nullable=False),
    sa.Column('respondent_id', sa.Uuid(), nullable=False),
    sa.Column('battery_id', sa.Uuid(), nullable=True),
    sa.Column('schedule_id', sa.Uuid(), nullable=True),
    sa.Column('occurrence', sa.String(length=10), nullable=True),
    sa.Column('instruments', sa.JSON(), nullable=False),
    sa.Column('occasion', sa.Enum('screening', 'progress', 'outcome', name='occasion', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('channel', sa.Enum('email', 'sms', 'portal', 'kiosk', 'in_person', name='way', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('state', sa.Enum('planned', 'sent', 'started', 'completed', 'expired', 'cancelled', 'declined', name='assignmentstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('requested_by', sa.Uuid(), nullable=False),
    sa.Column('send_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reminders', sa.Integer(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('end_reason', sa.String(length=24), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'battery_id'], ['battery.practice_id', 'battery.id'], name=op.f('fk_assignment_practice_id_battery_id')),
    sa.ForeignKeyConstraint(['practice_id', 'client_id'], ['client.practice_id', 'client.id'], name=op.f('fk_assignment_practice_id_client_id')),
    sa.ForeignKeyConstraint(['practice_id', 'episode_id'], ['episode.practice_id', 'episode.id'], name=op.f('fk_assignment_practice_id_episode_id')),
    sa.ForeignKeyConstraint(['practice_id', 'respondent_id'], ['respondent.practice_id', 'respondent.id'], name=op.f('fk_assignment_practice_id_respondent_id')),
    sa.ForeignKeyConstraint(['practice_id', 'schedule_id'], ['schedule.practice_id', 'schedule.id'], name=op.f('fk_assignment_practice_id_schedule_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_assignment_practice_id')),
    sa.ForeignKeyConstraint(['requested_by'], ['person.id'], name=op.f('fk_assignment_requested_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assignment')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_assignment_practice_id_id')),
    sa.UniqueConstraint('schedule_id', 'occurrence', name=op.f('uq_assignment_schedule_id_occurrence'))
    )
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_assignment_client_id'), ['client_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_assignment_episode_id'), ['episode_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_assignment_practice_id'), ['practice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_assignment_practice_id_state_created_at'), ['practice_id', 'state', 'created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_assignment_respondent_id'), ['respondent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_assignment_state'), ['state'], unique=False)

    op.create_table('dispatch',
    sa.Column('purpose', sa.Enum('invitation', 'reminder', 'result', 'risk', 'test', name='purpose', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('recipient', sa.Enum('client', 'person', name='recipientkind', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('assignment_id', sa.Uuid(), nullable=True),
    sa.Column('respondent_id', sa.Uuid(), nullable=True),
    sa.Column('contact_point_id', sa.Uuid(), nullable=True),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('channel', sa.String(length=12), nullable=False),
    sa.Column('lane', sa.String(length=12), nullable=False),
    sa.Column('business_key', sa.String(length=120), nullable=False),
    sa.Column('state', sa.Enum('planned', 'held', 'due', 'handed_over', 'unclear', 'delivered', 'failed', 'cancelled', name='dispatchstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('held_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('handed_over_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('code', sa.String(length=40), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(recipient = 'client') = (contact_point_id IS NOT NULL)", name=op.f('ck_dispatch_a_client_has_a_contact_point')),
    sa.CheckConstraint("(recipient = 'person') = (person_id IS NOT NULL)", name=op.f('ck_dispatch_a_person_has_an_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_dispatch_person_id')),
    sa.ForeignKeyConstraint(['practice_id', 'assignment_id'], ['assignment.practice_id', 'assignment.id'], name=op.f('fk_dispatch_practice_id_assignment_id')),
    sa.ForeignKeyConstraint(['practice_id', 'contact_point_id'], ['contact_point.practice_id', 'contact_point.id'], name=op.f('fk_dispatch_practice_id_contact_point_id')),
    sa.ForeignKeyConstraint(['practice_id', 'respondent_id'], ['respondent.practice_id', 'respondent.id'], name=op.f('fk_dispatch_practice_id_respondent_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_dispatch_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dispatch')),
    sa.UniqueConstraint('practice_id', 'business_key', name=op.f('uq_dispatch_practice_id_business_key')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_dispatch_practice_id_id'))
    )
    with op.batch_alter_table('dispatch', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_dispatch_assignment_id'), ['assignment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_dispatch_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_dispatch_practice_id'), ['practice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_dispatch_state'), ['state'], unique=False)

    op.create_table('kiosk_ticket',
    sa.Column('assignment_id', sa.Uuid(), nullable=False),
    sa.Column('device_id', sa.Uuid(), nullable=False),
    sa.Column('code_hash', sa.LargeBinary(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('wrong_tries', sa.Integer(), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['device_id'], ['kiosk_device.id'], name=op.f('fk_kiosk_ticket_device_id')),
    sa.ForeignKeyConstraint(['practice_id', 'assignment_id'], ['assignment.practice_id', 'assignment.id'], name=op.f('fk_kiosk_ticket_practice_id_assignment_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_kiosk_ticket_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kiosk_ticket')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_kiosk_ticket_practice_id_id'))
    )
    with op.batch_alter_table('kiosk_ticket', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_kiosk_ticket_assignment_id'), ['assignment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_kiosk_ticket_code_hash'), ['code_hash'], unique=False)
        batch_op.create_index(batch_op.f('ix_kiosk_ticket_device_id'), ['device_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_kiosk_ticket_practice_id'), ['practice_id'], unique=False)

    op.create_table('link',
    sa.Column('assignment_id', sa.Uuid(), nullable=False),
    sa.Column('id_hash', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.Enum('open', 'begun', 'used', 'expired', 'revoked', 'superseded', 'locked', name='linkstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('end_reason', sa.String(length=24), nullable=True),
    sa.Column('fetches', sa.Integer(), nullable=False),
    sa.Column('renewals', sa.Integer(), nullable=False),
    sa.Column('wrong_tries', sa.Integer(), nullable=False),
    sa.Column('token_id_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'assignment_id'], ['assignment.practice_id', 'assignment.id'], name=op.f('fk_link_practice_id_assignment_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_link_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_link')),
    sa.UniqueConstraint('id_hash', name=op.f('uq_link_id_hash')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_link_practice_id_id'))
    )
    with op.batch_alter_table('link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_link_assignment_id'), ['assignment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_link_practice_id'), ['practice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_link_state'), ['state'], unique=False)

    op.create_table('submission',
    sa.Column('assignment_id', sa.Uuid(), nullable=False),
    sa.Column('client_id', sa.Uuid(), nullable=False),
    sa.Column('episode_id', sa.Uuid(), nullable=False),
    sa.Column('respondent_id', sa.Uuid(), nullable=False),
    sa.Column('instrument_key', sa.String(length=40), nullable=False),
    sa.Column('instrument_version', sa.Integer(), nullable=False),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('channel', sa.Enum('email', 'sms', 'portal', 'kiosk', 'in_person', name='way', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('identity', sa.String(length=12), nullable=False),
    sa.Column('typed_by', sa.Uuid(), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('late', sa.Boolean(), nullable=False),
    sa.Column('answers_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('uses', sa.JSON(), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('voided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'assignment_id'], ['assignment.practice_id', 'assignment.id'], name=op.f('fk_submission_practice_id_assignment_id')),
    sa.ForeignKeyConstraint(['practice_id', 'client_id'], ['client.practice_id', 'client.id'], name=op.f('fk_submission_practice_id_client_id')),
    sa.ForeignKeyConstraint(['practice_id', 'episode_id'], ['episode.practice_id', 'episode.id'], name=op.f('fk_submission_practice_id_episode_id')),
    sa.ForeignKeyConstraint(['practice_id', 'respondent_id'], ['respondent.practice_id', 'respondent.id'], name=op.f('fk_submission_practice_id_respondent_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_submission_practice_id')),
    sa.ForeignKeyConstraint(['typed_by'], ['person.id'], name=op.f('fk_submission_typed_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submission')),
    sa.UniqueConstraint('assignment_id', 'instrument_key', name=op.f('uq_submission_assignment_id_instrument_key')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_submission_practice_id_id'))
    )
    with op.batch_alter_table('submission', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_submission_assignment_id'), ['assignment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_submission_client_id'), ['client_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_submission_episode_id'), ['episode_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_submission_practice_id'), ['practice_id'], unique=False)

    op.create_table('alert',
    sa.Column('assignment_id', sa.Uuid(), nullable=False),
    sa.Column('client_id', sa.Uuid(), nullable=False),
    sa.Column('submission_id', sa.Uuid(), nullable=True),
    sa.Column('instrument_key', sa.String(length=40), nullable=False),
    sa.Column('item_id', sa.String(length=40), nullable=False),
    sa.Column('state', sa.Enum('raised', 'escalated', 'acknowledged', name='alertstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('raised_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('acknowledged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('acknowledged_by', sa.Uuid(), nullable=True),
    sa.Column('detail_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('note_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['acknowledged_by'], ['person.id'], name=op.f('fk_alert_acknowledged_by')),
    sa.ForeignKeyConstraint(['practice_id', 'assignment_id'], ['assignment.practice_id', 'assignment.id'], name=op.f('fk_alert_practice_id_assignment_id')),
    sa.ForeignKeyConstraint(['practice_id', 'client_id'], ['client.practice_id', 'client.id'], name=op.f('fk_alert_practice_id_client_id')),
    sa.ForeignKeyConstraint(['practice_id', 'submission_id'], ['submission.practice_id', 'submission.id'], name=op.f('fk_alert_practice_id_submission_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_alert_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alert')),
    sa.UniqueConstraint('assignment_id', 'item_id', name=op.f('uq_alert_assignment_id_item_id')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_alert_practice_id_id'))
    )
    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alert_client_id'), ['client_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_alert_practice_id'), ['practice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_alert_state'), ['state'], unique=False)

    op.create_table('attempt',
    sa.Column('dispatch_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('provider', sa.String(length=24), nullable=False),
    sa.Column('state', sa.Enum('attempting', 'accepted', 'refused', 'unknown', name='attemptstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reference', sa.String(length=128), nullable=True),
    sa.Column('code', sa.String(length=40), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=True),
    sa.Column('evidence', sa.String(length=12), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'dispatch_id'], ['dispatch.practice_id', 'dispatch.id'], name=op.f('fk_attempt_practice_id_dispatch_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_attempt_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attempt')),
    sa.UniqueConstraint('dispatch_id', 'number', name=op.f('uq_attempt_dispatch_id_number')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_attempt_practice_id_id'))
    )
    with op.batch_alter_table('attempt', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_attempt_dispatch_id'), ['dispatch_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_attempt_practice_id'), ['practice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_attempt_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_attempt_state_started_at'), ['state', 'started_at'], unique=False)

    op.create_table('form_session',
    sa.Column('assignment_id', sa.Uuid(), nullable=False),
    sa.Column('link_id', sa.Uuid(), nullable=True),
    sa.Column('ref', sa.String(length=24), nullable=False),
    sa.Column('secret_hash', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.Enum('open', 'submitted', 'ended', name='formstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('place', sa.String(length=80), nullable=False),
    sa.Column('first_answer_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('typed_by', sa.Uuid(), nullable=True),
    sa.Column('draft_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'assignment_id'], ['assignment.practice_id', 'assignment.id'], name=op.f('fk_form_session_practice_id_assignment_id')),
    sa.ForeignKeyConstraint(['practice_id', 'link_id'], ['link.practice_id', 'link.id'], name=op.f('fk_form_session_practice_id_link_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_form_session_practice_id')),
    sa.ForeignKeyConstraint(['typed_by'], ['person.id'], name=op.f('fk_form_session_typed_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_form_session')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_form_session_practice_id_id')),
    sa.UniqueConstraint('ref', name=op.f('uq_form_session_ref'))
    )
    with op.batch_alter_table('form_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_form_session_assignment_id'), ['assignment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_form_session_link_id'), ['link_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_form_session_practice_id'), ['practice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_form_session_state'), ['state'], unique=False)

    op.create_table('report',
    sa.Column('assignment_id', sa.Uuid(), nullable=False),
    sa.Column('submission_id', sa.Uuid(), nullable=True),
    sa.Column('state', sa.Enum('due', 'making', 'ready', 'failed', name='workstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('job_id', sa.String(length=64), nullable=True),
    sa.Column('error', sa.String(length=80), nullable=True),
    sa.Column('size', sa.Integer(), nullable=True),
    sa.Column('input_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('sha256_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'assignment_id'], ['assignment.practice_id', 'assignment.id'], name=op.f('fk_report_practice_id_assignment_id')),
    sa.ForeignKeyConstraint(['practice_id', 'submission_id'], ['submission.practice_id', 'submission.id'], name=op.f('fk_report_practice_id_submission_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_report_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report')),
    sa.UniqueConstraint('assignment_id', 'submission_id', name=op.f('uq_report_assignment_id_submission_id')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_report_practice_id_id'))
    )
    with op.batch_alter_table('report', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_report_assignment_id'), ['assignment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_report_practice_id'), ['practice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_report_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_report_submission_id'), ['submission_id'], unique=False)

    op.create_table('score',
    sa.Column('submission_id', sa.Uuid(), nullable=False),
    sa.Column('engine_version', sa.String(length=12), nullable=False),
    sa.Column('valid', sa.Boolean(), nullable=False),
    sa.Column('result_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'submission_id'], ['submission.practice_id', 'submission.id'], name=op.f('fk_score_practice_id_submission_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_score_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_score')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_score_practice_id_id')),
    sa.UniqueConstraint('submission_id', name=op.f('uq_score_submission_id'))
    )
    with op.batch_alter_table('score', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_score_practice_id'), ['practice_id'], unique=False)

    op.create_table('delivery_event',
    sa.Column('attempt_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('dedupe_key', sa.String(length=128), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'attempt_id'], ['attempt.practice_id', 'attempt.id'], name=op.f('fk_delivery_event_practice_id_attempt_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_delivery_event_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_event')),
    sa.UniqueConstraint('dedupe_key', name=op.f('uq_delivery_event_dedupe_key')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_delivery_event_practice_id_id'))
    )
    with op.batch_alter_table('delivery_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_delivery_event_attempt_id'), ['attempt_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_delivery_event_practice_id'), ['practice_id'], unique=False)

    op.create_table('handoff',
    sa.Column('report_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('dispatch_id', sa.Uuid(), nullable=True),
    sa.Column('state', sa.Enum('due', 'making', 'handed_over', 'failed', name='handoffstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('handed_over_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.String(length=80), nullable=True),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_handoff_person_id')),
    sa.ForeignKeyConstraint(['practice_id', 'dispatch_id'], ['dispatch.practice_id', 'dispatch.id'], name=op.f('fk_handoff_practice_id_dispatch_id')),
    sa.ForeignKeyConstraint(['practice_id', 'report_id'], ['report.practice_id', 'report.id'], name=op.f('fk_handoff_practice_id_report_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_handoff_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_handoff')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_handoff_practice_id_id')),
    sa.UniqueConstraint('report_id', 'person_id', name=op.f('uq_handoff_report_id_person_id'))
    )
    with op.batch_alter_table('handoff', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_handoff_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_handoff_practice_id'), ['practice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_handoff_state'), ['state'], unique=False)

    op.create_table('local_post',
    sa.Column('message_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('attempt_id', sa.Uuid(), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'attempt_id'], ['attempt.practice_id', 'attempt.id'], name=op.f('fk_local_post_practice_id_attempt_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_local_post_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_local_post')),
    sa.UniqueConstraint('attempt_id', name=op.f('uq_local_post_attempt_id')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_local_post_practice_id_id'))
    )
    with op.batch_alter_table('local_post', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_local_post_practice_id'), ['practice_id'], unique=False)

    op.create_table('report_file',
    sa.Column('pdf_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('report_id', sa.Uuid(), nullable=False),
    sa.Column('keep_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['practice_id', 'report_id'], ['report.practice_id', 'report.id'], name=op.f('fk_report_file_practice_id_report_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_report_file_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report_file')),
    sa.UniqueConstraint('practice_id', 'id', name=op.f('uq_report_file_practice_id_id')),
    sa.UniqueConstraint('report_id', name=op.f('uq_report_file_report_id'))
    )
    with op.batch_alter_table('report_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_report_file_practice_id'), ['practice_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('report_file', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_report_file_practice_id'))

    op.drop_table('report_file')
    with op.batch_alter_table('local_post', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_local_post_practice_id'))

    op.drop_table('local_post')
    with op.batch_alter_table('handoff', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_handoff_state'))
        batch_op.drop_index(batch_op.f('ix_handoff_practice_id'))
        batch_op.drop_index(batch_op.f('ix_handoff_person_id'))

    op.drop_table('handoff')
    with op.batch_alter_table('delivery_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_delivery_event_practice_id'))
        batch_op.drop_index(batch_op.f('ix_delivery_event_attempt_id'))

    op.drop_table('delivery_event')
    with op.batch_alter_table('score', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_score_practice_id'))

    op.drop_table('score')
    with op.batch_alter_table('report', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_report_submission_id'))
        batch_op.drop_index(batch_op.f('ix_report_state'))
        batch_op.drop_index(batch_op.f('ix_report_practice_id'))
        batch_op.drop_index(batch_op.f('ix_report_assignment_id'))

    op.drop_table('report')
    with op.batch_alter_table('form_session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_form_session_state'))
        batch_op.drop_index(batch_op.f('ix_form_session_practice_id'))
        batch_op.drop_index(batch_op.f('ix_form_session_link_id'))
        batch_op.drop_index(batch_op.f('ix_form_session_assignment_id'))

    op.drop_table('form_session')
    with op.batch_alter_table('attempt', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_attempt_state_started_at'))
        batch_op.drop_index(batch_op.f('ix_attempt_state'))
        batch_op.drop_index(batch_op.f('ix_attempt_practice_id'))
        batch_op.drop_index(batch_op.f('ix_attempt_dispatch_id'))

    op.drop_table('attempt')
    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_alert_state'))
        batch_op.drop_index(batch_op.f('ix_alert_practice_id'))
        batch_op.drop_index(batch_op.f('ix_alert_client_id'))

    op.drop_table('alert')
    with op.batch_alter_table('submission', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_submission_practice_id'))
        batch_op.drop_index(batch_op.f('ix_submission_episode_id'))
        batch_op.drop_index(batch_op.f('ix_submission_client_id'))
        batch_op.drop_index(batch_op.f('ix_submission_assignment_id'))

    op.drop_table('submission')
    with op.batch_alter_table('link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_link_state'))
        batch_op.drop_index(batch_op.f('ix_link_practice_id'))
        batch_op.drop_index(batch_op.f('ix_link_assignment_id'))

    op.drop_table('link')
    with op.batch_alter_table('kiosk_ticket', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_kiosk_ticket_practice_id'))
        batch_op.drop_index(batch_op.f('ix_kiosk_ticket_device_id'))
        batch_op.drop_index(batch_op.f('ix_kiosk_ticket_code_hash'))
        batch_op.drop_index(batch_op.f('ix_kiosk_ticket_assignment_id'))

    op.drop_table('kiosk_ticket')
    with op.batch_alter_table('dispatch', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_dispatch_state'))
        batch_op.drop_index(batch_op.f('ix_dispatch_practice_id'))
        batch_op.drop_index(batch_op.f('ix_dispatch_person_id'))
        batch_op.drop_index(batch_op.f('ix_dispatch_assignment_id'))

    op.drop_table('dispatch')
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_assignment_state'))
        batch_op.drop_index(batch_op.f('ix_assignment_respondent_id'))
        batch_op.drop_index(batch_op.f('ix_assignment_practice_id_state_created_at'))
        batch_op.drop_index(batch_op.f('ix_assignment_practice_id'))
        batch_op.drop_index(batch_op.f('ix_assignment_episode_id'))
        batch_op.drop_index(batch_op.f('ix_assignment_client_id'))

    op.drop_table('assignment')
    with op.batch_alter_table('schedule', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_schedule_practice_id'))
        batch_op.drop_index(batch_op.f('ix_schedule_episode_id'))

    op.drop_table('schedule')
    with op.batch_alter_table('permitted_use', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_permitted_use_respondent_id'))
        batch_op.drop_index(batch_op.f('ix_permitted_use_practice_id'))

    op.drop_table('permitted_use')
    with op.batch_alter_table('episode_summary', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_episode_summary_practice_id'))
        batch_op.drop_index(batch_op.f('ix_episode_summary_episode_id'))

    op.drop_table('episode_summary')
    with op.batch_alter_table('contact_point', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_contact_point_respondent_id'))
        batch_op.drop_index(batch_op.f('ix_contact_point_practice_id_blind_index'))
        batch_op.drop_index(batch_op.f('ix_contact_point_practice_id'))

    op.drop_table('contact_point')
    with op.batch_alter_table('consent', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_consent_respondent_id'))
        batch_op.drop_index(batch_op.f('ix_consent_practice_id'))

    op.drop_table('consent')
    with op.batch_alter_table('respondent', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_respondent_practice_id'))
        batch_op.drop_index(batch_op.f('ix_respondent_client_id'))

    op.drop_table('respondent')
    with op.batch_alter_table('kiosk_grant', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_kiosk_grant_practice_id'))
        batch_op.drop_index(batch_op.f('ix_kiosk_grant_device_id'))

    op.drop_table('kiosk_grant')
    with op.batch_alter_table('episode', schema=None) as batch_op:
        batch_op.drop_index('uq_episode_open', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_episode_practice_id'))
        batch_op.drop_index(batch_op.f('ix_episode_client_id'))

    op.drop_table('episode')
    with op.batch_alter_table('care_team', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_care_team_practice_id'))
        batch_op.drop_index(batch_op.f('ix_care_team_person_id'))
        batch_op.drop_index(batch_op.f('ix_care_team_client_id'))

    op.drop_table('care_team')
    with op.batch_alter_table('role_grant', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_role_grant_practice_id'))
        batch_op.drop_index(batch_op.f('ix_role_grant_person_id'))

    op.drop_table('role_grant')
    with op.batch_alter_table('outbox_entry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_outbox_entry_subject_id'))
        batch_op.drop_index(batch_op.f('ix_outbox_entry_state_queue_due_at'))
        batch_op.drop_index(batch_op.f('ix_outbox_entry_state'))
        batch_op.drop_index(batch_op.f('ix_outbox_entry_practice_id'))

    op.drop_table('outbox_entry')
    op.drop_table('kiosk_device')
    with op.batch_alter_table('cover', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_cover_practice_id'))
        batch_op.drop_index(batch_op.f('ix_cover_person_id'))

    op.drop_table('cover')
    with op.batch_alter_table('console_session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_console_session_person_id'))

    op.drop_table('console_session')
    with op.batch_alter_table('client', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_client_state'))
        batch_op.drop_index(batch_op.f('ix_client_practice_id'))

    op.drop_table('client')
    with op.batch_alter_table('battery', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_battery_practice_id'))

    op.drop_table('battery')
    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_event_practice_id'))

    op.drop_table('audit_event')
    with op.batch_alter_table('api_token', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_api_token_practice_id'))
        batch_op.drop_index(batch_op.f('ix_api_token_person_id'))

    op.drop_table('api_token')
    op.drop_table('tick')
    op.drop_table('stored_reply')
    op.drop_table('sign_in_throttle')
    with op.batch_alter_table('practice_key', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_practice_key_owner_id'))

    op.drop_table('practice_key')
    op.drop_table('practice')
    op.drop_table('person')
    op.drop_table('opt_out')
    op.drop_table('inbox_entry')
    op.drop_table('heartbeat')
    op.drop_table('audit_head')
