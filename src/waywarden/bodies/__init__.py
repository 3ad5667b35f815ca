"""Bodies that mend things, their categories and questions, and who works for them."""
