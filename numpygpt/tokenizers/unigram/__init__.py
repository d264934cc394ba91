"""A unigram language model over pieces: lattice learns the pieces, unigram cuts text into them."""
