"""What a person sees: tables and progress, the contact sheet, the sight picture, the summary of a load."""
