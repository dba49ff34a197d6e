"""How each witness fares. The file witness of an older installation is handed the newest checkpoint once more, which does no harm."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("base", "0004_several_processes")]

    operations = [
        migrations.CreateModel(
            name="WitnessState",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("place", models.CharField(max_length=500)),
                ("size", models.BigIntegerField(default=0)),
                ("rotations", models.IntegerField(default=0)),
                ("tried_at", models.DateTimeField(null=True)),
                ("last_ok", models.DateTimeField(null=True)),
                ("problem", models.CharField(default="", max_length=300)),
                ("said", models.CharField(default="", max_length=10)),
            ],
            options={"db_table": "audit_witness"},
        ),
    ]
