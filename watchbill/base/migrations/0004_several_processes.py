"""Tables for several processes on one PostgreSQL database: events that wait for their number, living processes, large inputs."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("base", "0003_proofs"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditPending",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "audit_pending",
            },
        ),
        migrations.CreateModel(
            name="Blob",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Worker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=8)),
                ("host", models.CharField(max_length=253)),
                ("pid", models.IntegerField()),
                ("address", models.CharField(default="", max_length=253)),
                ("version", models.CharField(default="", max_length=40)),
                ("started_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("beat_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddField(
            model_name="delivery",
            name="holder",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name="job",
            name="holder",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.CreateModel(
            name="BlobPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.IntegerField()),
                ("data", models.BinaryField()),
                ("blob", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="base.blob")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("blob", "number"), name="blob_part_once")],
            },
        ),
    ]
