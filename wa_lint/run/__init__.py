"""The application: from paths or accounts to a report. It knows no command and prints nothing."""
