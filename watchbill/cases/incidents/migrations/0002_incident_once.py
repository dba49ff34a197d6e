from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="incident",
            name="once",
            field=models.CharField(max_length=64, null=True, unique=True),
        ),
    ]
