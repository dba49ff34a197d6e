"""The tables that base begins with."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditFrontier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.BinaryField()),
            ],
            options={
                "db_table": "audit_frontier",
            },
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.BigIntegerField(unique=True)),
                ("root", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("text", models.TextField()),
                ("witness", models.CharField(blank=True, default="", max_length=200)),
                ("witnessed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "audit_checkpoint",
            },
        ),
        migrations.CreateModel(
            name="Fact",
            fields=[
                ("key", models.CharField(max_length=120, primary_key=True, serialize=False)),
                ("value", models.TextField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="News",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("topic", models.CharField(max_length=120)),
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField()),
                ("created_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("recorded_at", models.CharField(max_length=27)),
                ("occurred_at", models.CharField(max_length=27)),
                ("actor", models.TextField()),
                ("actor_kind", models.CharField(max_length=16)),
                ("source", models.CharField(max_length=64)),
                ("action", models.TextField()),
                ("target", models.TextField()),
                ("outcome", models.TextField()),
                ("ref", models.TextField()),
                ("body", models.TextField()),
                ("leaf", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "audit_event",
                "indexes": [
                    models.Index(fields=["recorded_at"], name="audit_time"),
                    models.Index(fields=["actor", "recorded_at"], name="audit_actor_time"),
                    models.Index(fields=["target", "recorded_at"], name="audit_target_time"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("occurred_at", models.DateTimeField(db_index=True)),
                ("recorded_at", models.DateTimeField()),
                ("summary", models.TextField()),
                ("source", models.CharField(max_length=200)),
                ("kind", models.CharField(max_length=60)),
                ("by", models.CharField(max_length=200)),
                ("links", models.TextField()),
                ("key", models.CharField(default="", max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("key", ""), _negated=True), fields=("source", "key"), name="change_key_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Inbox",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=120)),
                ("source", models.CharField(max_length=200)),
                ("key", models.CharField(default="", max_length=200)),
                ("meta", models.TextField()),
                ("received_at", models.DateTimeField(db_index=True)),
                ("sha256", models.CharField(db_index=True, max_length=64)),
                ("size", models.BigIntegerField()),
                ("data", models.BinaryField(null=True)),
                ("state", models.CharField(default="new", max_length=12)),
                ("problem", models.TextField(default="")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("key", ""), _negated=True), fields=("source", "key"), name="inbox_key_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=120)),
                ("args", models.TextField()),
                ("key", models.CharField(default="", max_length=200)),
                ("lane", models.CharField(default="", max_length=120)),
                ("state", models.CharField(default="waiting", max_length=12)),
                ("due", models.DateTimeField()),
                ("lease_until", models.DateTimeField(null=True)),
                ("attempts", models.IntegerField(default=0)),
                ("last_error", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "waiting")), fields=["due"], name="job_due"),
                    models.Index(condition=models.Q(("state", "running")), fields=["lease_until"], name="job_lease"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["waiting", "running"]), models.Q(("key", ""), _negated=True)),
                        fields=("key",),
                        name="job_key_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ChangeTarget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("target", models.CharField(max_length=200)),
                ("change", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="base.change")),
            ],
            options={
                "indexes": [models.Index(fields=["target", "change"], name="change_target")],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subscriber", models.CharField(max_length=120)),
                ("subject", models.CharField(max_length=200)),
                ("due", models.DateTimeField()),
                ("attempts", models.IntegerField(default=0)),
                ("last_error", models.TextField(default="")),
                ("news", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="base.news")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["subscriber", "subject", "id"], name="delivery_line"),
                    models.Index(fields=["due"], name="delivery_due"),
                ],
            },
        ),
    ]
