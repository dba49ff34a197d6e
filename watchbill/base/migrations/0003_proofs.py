"""Hashes stored so that proofs are made without hashing everything, and the long readings of the trail that people ask for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("base", "0002_commitments")]

    operations = [
        migrations.CreateModel(
            name="AuditRow",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("root", models.BinaryField(max_length=32)),
                ("hashes", models.BinaryField(max_length=8192)),
            ],
            options={"db_table": "audit_row"},
        ),
        migrations.CreateModel(
            name="TrailRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("asked_by", models.TextField()),
                ("asked_at", models.DateTimeField(db_index=True)),
                ("what", models.TextField()),
                ("state", models.CharField(max_length=12, default="waiting")),
                ("done", models.BigIntegerField(default=0)),
                ("total", models.BigIntegerField(default=0)),
                ("outcome", models.TextField(default="{}")),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "audit_run"},
        ),
    ]
