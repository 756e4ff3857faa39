"""The page of `peaks browse`: a Streamlit app with the questions, answers and pictures of the commands."""
