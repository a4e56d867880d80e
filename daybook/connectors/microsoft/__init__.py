"""Microsoft 365, Exchange Online, Outlook.com and Hotmail, through Microsoft Graph v1.0: authorization and calendars."""
