"""Readable names and private values beside the audit trail, each by its commitment there. Events from before keep their names in the
open: they were hashed so.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("base", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="AuditName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("commitment", models.CharField(max_length=44, unique=True)),
                ("name", models.TextField(unique=True)),
                ("salt", models.BinaryField(max_length=16)),
            ],
            options={"db_table": "audit_name"},
        ),
        migrations.CreateModel(
            name="AuditPrivate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("commitment", models.CharField(max_length=44, unique=True)),
                ("salt", models.BinaryField(max_length=16)),
                ("value", models.TextField()),
                ("target", models.TextField(db_index=True)),
            ],
            options={"db_table": "audit_private"},
        ),
    ]
