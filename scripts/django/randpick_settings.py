"""Settings for Django's own tests: the server of scripts/with-postgres, queries in random order."""

import os


def _database(name):
    return {
        'ENGINE': 'randpick_backend',
        'HOST': os.environ['PGHOST'],
        'PORT': os.environ['PGPORT'],
        'USER': os.environ['PGUSER'],
        'NAME': name,
        'TEST': {'NAME': name},
    }


DATABASES = {'default': _database('django_default'), 'other': _database('django_other')}
SECRET_KEY = 'not one'
PASSWORD_HASHERS = ['django.contrib.auth.hashers.MD5PasswordHasher']
DEFAULT_AUTO_FIELD = 'django.db.models.AutoField'
USE_TZ = False
